def main():
    print("select 1 from dual")
